# Multiple imputation of the heart patients by mice, and Rubin's rules on given numbers: Rscript r_impute.R FOLDER > r_impute.txt
suppressPackageStartupMessages(library(mice))
cat("# ", R.version.string, ", mice ", as.character(packageVersion("mice")), "\n", sep = "")
folder <- commandArgs(TRUE)[1]
names <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca",
           "thal", "num")
parts <- lapply(c("cleveland", "hungarian", "switzerland", "va"), function(hospital)
  read.csv(file.path(folder, "heart", paste0("processed.", hospital, ".data")), header = FALSE, col.names = names,
           na.strings = "?"))
heart <- do.call(rbind, parts)[, c("age", "sex", "trestbps", "thalach", "exang", "oldpeak", "num")]
heart$ill <- as.numeric(heart$num > 0)
heart$num <- NULL
heart$exang <- factor(heart$exang)
methods <- c(age = "norm", sex = "norm", trestbps = "norm", thalach = "norm", exang = "logreg", oldpeak = "norm", ill = "")
filled <- mice(heart, m = 200, maxit = 8, method = methods, seed = 1, printFlag = FALSE)
fits <- with(filled, glm(ill ~ age + sex + trestbps + thalach + exang + oldpeak, family = binomial))
table <- summary(pool(fits))
for (i in seq_len(nrow(table)))
  cat(sprintf("heart %s %.17g %.17g\n", as.character(table$term[i]), table$estimate[i], table$std.error[i]))
q <- c(1.21, 0.97, 1.35, 1.08, 1.19)
u <- c(0.041, 0.038, 0.045, 0.040, 0.039)
for (n in c(60, 1000)) {
  p <- pool.scalar(q, u, n = n, k = 4)
  cat(sprintf("rubin %d %.17g %.17g %.17g %.17g\n", n, p$qbar, sqrt(p$t), p$df, p$fmi))
}
